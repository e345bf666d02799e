import { VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { money } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

const words = texts.common
type Amount = Parameters<typeof money>[0]

/** An amount that a supplier has to confirm yet: it looks like an estimate, because it is one. */
export function TentativePrice({ price }: { price: Amount }): ReactNode {
  return (
    <span className="tentative-price" title={words.tentativePrice}>
      ≈ {money(price)}
      <VisuallyHidden> ({words.estimate})</VisuallyHidden>
    </span>
  )
}
