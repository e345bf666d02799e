export const bookingTexts = {
  title: 'Book',
}
