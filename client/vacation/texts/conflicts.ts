export const conflictTexts = {
  title: 'Review',
}
