/** Who asks. Made by `authenticate` from a verified token, never from what the request says of itself. */
export interface Viewer {
  readonly user: string
  /** Whose data is one world: rows are partitioned by it. */
  readonly tenant: string
  readonly roles: readonly string[]
  /** When the token ends, in milliseconds since the epoch: an open socket is closed then. Absent: never. */
  readonly expiresAt?: number
}

export const hasRole = (viewer: Viewer, role: string): boolean => viewer.roles.includes(role)

/** Partition of a tenant's own rows. */
export const tenantPartition = (viewer: Pick<Viewer, 'tenant'>): string => `tenant:${viewer.tenant}`

/** Partition of reference data that all tenants read and only the gateway writes. */
export const SHARED_PARTITION = 'shared'
