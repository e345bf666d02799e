import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from '../shell/frame.module.css'
import { texts } from '../texts/index.ts'
import { SWITCHES, useDemoFaults } from './demo-faults.ts'
import { faultPanel } from './panel-state.ts'

const words = texts.faults

/** Nobody who plays shall wonder later why nothing works. */
export function FaultStrip(): ReactNode {
  const faults = useDemoFaults()
  const on = faults ? SWITCHES.filter(name => faults[name]) : []
  if (on.length === 0) return null
  return (
    <div className={classes['strip']}>
      <span>{words.strip(on.map(name => words.switches[name].toLowerCase()).join(', '))}</span>
      <Button size="xs" onClick={faultPanel.open}>
        {words.open}
      </Button>
    </div>
  )
}
