import { type Assign, layOut, listByMember } from './layout.ts'

/**
 * Java's `range`: per topic, the members that subscribe to it get consecutive ranges in their order; the first ones get
 * one more where the count does not divide.
 */
export const assignRange: Assign = (members, partitionCounts) => {
  const layout = layOut(members, partitionCounts)
  const owners = new Int32Array(layout.total)
  for (const { first, count, subscribers } of layout.topics) {
    const share = Math.floor(count / subscribers.length)
    const longer = count % subscribers.length
    let start = first
    for (const [index, member] of subscribers.entries()) {
      const end = start + share + (index < longer ? 1 : 0)
      owners.fill(member, start, end)
      start = end
    }
  }
  return listByMember(layout, owners)
}
