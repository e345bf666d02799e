export const deviceTexts = {
  title: 'This device',
}
