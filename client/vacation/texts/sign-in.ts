const changes = (count: number): string => (count === 1 ? '1 change' : `${count} changes`)

export const signInTexts = {
  product: 'Layover',
  claim: 'Vacations that can be booked without a connection.',
  who: 'Who are you?',
  invitation: 'Vacations that can be booked without a connection.',
  asking: 'Asking the gateway…',
  rolesOf: (roles: readonly string[], agency: string): string => `${roles.join(', ')} of ${agency}`,
  supervisorHint: 'A supervisor sees the whole agency and decides conflicts that agents hand on.',
  demoHint: 'This is a demo on this machine: pick anybody, no password is needed.',
  unreachable: 'The gateway cannot be reached. To sign in for the first time you need a connection.',
  tryAgain: 'Try again',
  gatewayAnswered: (status: number): string => `The gateway answered ${status}.`,
  token: 'Token',
  tokenHint: 'The JWT of your identity provider. It is kept until you close this tab.',
  signIn: 'Sign in',
  notAToken: 'This is not a token. It has three parts with dots between them (JWT).',
  tokenWithoutUser: 'This token does not say whose it is: it needs the claims sub and agency.',
  tokenOfAnother: (label: string): string => `This token belongs to somebody else. What waits here is ${label}'s.`,

  again: 'Sign in again',
  againHint: (count: number): string =>
    count === 0
      ? 'The server no longer takes your token.'
      : `The server no longer takes your token. ${changes(count)} wait safely on this device.`,
  againAs: (label: string): string => `Sign in again as ${label}`,

  leave: 'Sign out',
  leaveHint: (count: number): string => `${changes(count)} ${count === 1 ? 'has' : 'have'} not been sent:`,
  leaveClean: 'Everything has been sent. What was fetched to this device is removed from it.',
  more: (count: number): string => `and ${count} more`,
  send: 'Send first',
  keep: 'Keep them here',
  keepHint: 'Kept on this device, they leave when you sign in again.',
  exportThem: 'Export',
  discard: 'Discard them',
  discardQuestion: (count: number): string => `Discard ${changes(count)} for good?`,
  stay: 'Stay',
}
