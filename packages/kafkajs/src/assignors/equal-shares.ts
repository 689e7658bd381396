import { FREE, type Layout } from './layout.ts'

interface Held {
  readonly id: number
  /** How many partitions of the same topic the member holds before this one. */
  readonly depth: number
  /** Where its topic comes when the member gives up. */
  readonly turn: number
}

/**
 * Owners where all members subscribe to the same topics: everybody gets the same number or one more, and as many claims
 * as that allows are kept.
 */
export function shareEqually(layout: Layout, claims: Int32Array): Int32Array {
  const owners = claims.map((member) => (member < 0 ? FREE : member))
  const loads = countLoads(owners, layout.members.length)
  const quotas = setQuotas(layout, loads)
  giveUpSurplus(layout, owners, loads, quotas)
  dealFree(owners, loads, quotas)
  return owners
}

function countLoads(owners: Int32Array, members: number): Int32Array {
  const loads = new Int32Array(members)
  for (const member of owners) if (member !== FREE) loads[member] = (loads[member] as number) + 1
  return loads
}

/** The quotas add up to all partitions. Members that hold more than an equal share are first to get the odd ones. */
function setQuotas({ topics, total }: Layout, loads: Int32Array): Int32Array {
  const quotas = new Int32Array(loads.length)
  const subscribers = topics[0]?.subscribers ?? []
  const share = Math.floor(total / subscribers.length)
  const odd = total % subscribers.length
  const holdsMore = (member: number): boolean => (loads[member] as number) > share
  const ordered = [...subscribers.filter(holdsMore), ...subscribers.filter((member) => !holdsMore(member))]
  for (const [index, member] of ordered.entries()) quotas[member] = share + (index < odd ? 1 : 0)
  return quotas
}

/**
 * A member gives up partitions where it holds most of one topic. Of topics of which it holds the same it begins with
 * others than its neighbour does, or a new member would get one topic from everybody.
 */
function giveUpSurplus(layout: Layout, owners: Int32Array, loads: Int32Array, quotas: Int32Array): void {
  for (const [member, held] of listSurplus(layout, owners, loads, quotas)) {
    const surplus = (loads[member] as number) - (quotas[member] as number)
    held.sort((a, b) => b.depth - a.depth || a.turn - b.turn)
    for (const { id } of held.slice(0, surplus)) owners[id] = FREE
    loads[member] = quotas[member] as number
  }
}

/** What the members hold that hold too much. */
function listSurplus(
  { topics }: Layout,
  owners: Int32Array,
  loads: Int32Array,
  quotas: Int32Array,
): Map<number, Held[]> {
  const lists = new Map<number, Held[]>()
  for (const [member, load] of loads.entries()) if (load > (quotas[member] as number)) lists.set(member, [])
  if (lists.size === 0) return lists
  const depths = new Int32Array(loads.length)
  for (const [index, { first, count }] of topics.entries()) {
    depths.fill(0)
    for (let id = first; id < first + count; id += 1) {
      const member = owners[id] as number
      const list = lists.get(member)
      if (list === undefined) continue
      const surplus = (loads[member] as number) - (quotas[member] as number)
      const depth = depths[member] as number
      list.push({ id, depth, turn: (index + member * surplus) % topics.length })
      depths[member] = depth + 1
    }
  }
  return lists
}

function dealFree(owners: Int32Array, loads: Int32Array, quotas: Int32Array): void {
  const isUnfilled = (member: number): boolean => (loads[member] as number) < (quotas[member] as number)
  const unfilled = [...loads.keys()].filter(isUnfilled)
  let turn = 0
  for (let id = 0; id < owners.length; id += 1) {
    if (owners[id] !== FREE) continue
    const member = unfilled[turn] as number
    owners[id] = member
    loads[member] = (loads[member] as number) + 1
    if (isUnfilled(member)) turn += 1
    else unfilled.splice(turn, 1)
    if (turn === unfilled.length) turn = 0
  }
}
