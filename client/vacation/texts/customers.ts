export const customerTexts = {
  title: 'Customers',
}
