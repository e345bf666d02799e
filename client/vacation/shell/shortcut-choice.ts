import { useLocalStorage } from '@mantine/hooks'

/** Whether single keys are commands. They can be switched off (WCAG 2.2, 2.1.4): who dictates presses many by accident. Kept on the device. */
export function useShortcutChoice(): [isOn: boolean, choose: (isOn: boolean) => void] {
  const [isOn, choose] = useLocalStorage({
    key: 'layover-page:shortcuts',
    defaultValue: true,
    getInitialValueInEffect: false,
  })
  return [isOn, choose]
}
