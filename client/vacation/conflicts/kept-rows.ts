import { useState } from 'react'
import { type Compared, uncontested } from './choices.ts'

/**
 * The conflict with the fields that stood in its table when it was first shown: one that changes once more tells only of what
 * is new, and the choices about the others are to stay where the person made them.
 */
export function useKeptRows<C extends Compared>(conflict: C): C {
  const [first] = useState(conflict.fields)
  const own = new Set(uncontested(conflict))
  const kept = first.filter(field => conflict.fields.includes(field) || own.has(field))
  return { ...conflict, fields: [...kept, ...conflict.fields.filter(field => !kept.includes(field))] }
}
