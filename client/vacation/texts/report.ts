export const reportTexts = {
  title: 'While you were away',
}
