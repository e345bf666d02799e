/** As a `ref`: who opens something begins at its head, and who closes it is back where it was opened. */
export const takeFocus = (element: HTMLElement | null): void => element?.focus({ preventScroll: true })
