import { firstAtLeast } from './ascending.ts'
import { type Assign, layOut, listByMember } from './layout.ts'

/**
 * Java's `roundrobin`: all partitions in the order of their topics are dealt to the members in a circle; whoever does
 * not subscribe to a topic is passed over.
 */
export const assignRoundRobin: Assign = (members, partitionCounts) => {
  const layout = layOut(members, partitionCounts)
  const owners = new Int32Array(layout.total)
  /** The member whose turn it is, subscribed or not. */
  let turn = 0
  for (const { first, count, subscribers } of layout.topics) {
    let next = firstAtLeast(subscribers, turn)
    for (let id = first; id < first + count; id += 1) {
      const member = subscribers[next % subscribers.length] as number
      owners[id] = member
      next = (next % subscribers.length) + 1
      turn = member + 1
    }
  }
  return listByMember(layout, owners)
}
