export const faultTexts = {
  title: 'Try the promises',
}
