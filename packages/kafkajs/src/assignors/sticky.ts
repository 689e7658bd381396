import { settleClaims } from './claims.ts'
import { shareEqually } from './equal-shares.ts'
import { type Assign, hasEqualSubscriptions, type Layout, layOut, listByMember } from './layout.ts'
import { shareUnequally } from './unequal-shares.ts'

/** Java's `sticky` (KIP-54): balanced, and everybody keeps as much of what it had as the balance allows. */
export const assignSticky: Assign = (members, partitionCounts) => {
  const layout = layOut(members, partitionCounts)
  return listByMember(layout, shareSticky(layout, settleClaims(layout)))
}

export function shareSticky(layout: Layout, claims: Int32Array): Int32Array {
  return hasEqualSubscriptions(layout) ? shareEqually(layout, claims) : shareUnequally(layout, claims)
}
