/** The outbox entry of a mutation's result: `extensions.layover.id`. */
export function entryIdOf(extensions: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const layover = extensions?.['layover']
  return typeof layover === 'object' && layover !== null && 'id' in layover ? String(layover.id) : undefined
}
