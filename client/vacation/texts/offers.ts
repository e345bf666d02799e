export const offerTexts = {
  title: 'Offers',
}
