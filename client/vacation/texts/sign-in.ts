export const signInTexts = {
  product: 'Layover',
  invitation: 'Vacations that can be booked without a connection. Who are you?',
  asking: 'Asking the gateway…',
  rolesOf: (roles: readonly string[], agency: string): string => `${roles.join(', ')} of ${agency}`,
  unreachable: 'The gateway cannot be reached.',
  tryAgain: 'Try again',
  gatewayAnswered: (status: number): string => `The gateway answered ${status}.`,
  notAToken: 'This is not a token. It has three parts with dots between them (JWT).',
  tokenWithoutUser: 'This token does not say whose it is: it needs the claims sub and agency.',
  tokenOfAnother: (label: string): string => `This token belongs to somebody else. What waits here is ${label}'s.`,
}
