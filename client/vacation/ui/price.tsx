import { Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { money } from '../texts/format.ts'
import { texts } from '../texts/index.ts'

type Amount = Parameters<typeof money>[0]

/** An amount that a supplier has to confirm yet: it looks like an estimate, because it is one. */
export function TentativePrice({ price }: { price: Amount }): ReactNode {
  return (
    <Tooltip label={texts.common.tentativePrice} multiline maw={260}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what the tooltip says must be reachable by keyboard */}
      <span className="tentative-price" tabIndex={0}>
        ≈ {money(price)}
      </span>
    </Tooltip>
  )
}
