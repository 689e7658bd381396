import { Heap } from './heap.ts'
import { FREE, type Layout, type TopicLayout } from './layout.ts'

/** How the partitions of a topic are shared. Places are those in its `subscribers`. */
interface Shares {
  readonly topic: TopicLayout
  /** How many partitions each subscriber has a claim to. */
  readonly claimed: Int32Array
  /** How many each is to have. */
  readonly counts: Int32Array
}

/**
 * Owners where members subscribe to different topics: nobody could take a partition from a member that has two or more
 * partitions more. Only numbers are decided at first, since the partitions of a topic are alike; so a member never gives
 * up one partition of a topic and gets another one.
 */
export function shareUnequally(layout: Layout, claims: Int32Array): Int32Array {
  const shares = countClaims(layout, claims)
  const loads = new Int32Array(layout.members.length)
  for (const { topic, claimed } of shares)
    for (const [place, count] of claimed.entries()) add(loads, topic, place, count)
  for (const share of shares.toSorted(compareChoice)) placeUnclaimed(share, loads)
  // First with what nobody claims; what is claimed moves only if that was not enough.
  level(shares, loads, ({ claimed }) => claimed)
  level(shares, loads, ({ claimed }) => new Int32Array(claimed.length))
  return ownersOf(layout, claims, shares)
}

function countClaims({ topics, members }: Layout, claims: Int32Array): Shares[] {
  const places = new Int32Array(members.length)
  return topics.map((topic) => {
    for (const [place, member] of topic.subscribers.entries()) places[member] = place
    const claimed = new Int32Array(topic.subscribers.length)
    for (let id = topic.first; id < topic.first + topic.count; id += 1) {
      const owner = claims[id] as number
      if (owner >= 0) claimed[places[owner] as number] = (claimed[places[owner] as number] as number) + 1
    }
    return { topic, claimed, counts: claimed.slice() }
  })
}

/** Topics that few can take come first; the others even out what these have led to. */
function compareChoice({ topic: a }: Shares, { topic: b }: Shares): number {
  return a.subscribers.length - b.subscribers.length || a.first - b.first
}

function placeUnclaimed({ topic, counts }: Shares, loads: Int32Array): void {
  const lowest = new Heap([...counts.keys()], byLoad(topic, loads, 1))
  const free = topic.count - counts.reduce((sum, count) => sum + count, 0)
  for (let left = free; left > 0; left -= 1) {
    const place = lowest.top as number
    counts[place] = (counts[place] as number) + 1
    add(loads, topic, place, 1)
    lowest.settleTop()
  }
}

/** Ends because every move makes the sum of the squared loads smaller. */
function level(shares: readonly Shares[], loads: Int32Array, floorsOf: (share: Shares) => Int32Array): void {
  const floors = shares.map(floorsOf)
  let hasMoved = true
  while (hasMoved) {
    hasMoved = false
    for (const [index, share] of shares.entries())
      if (levelTopic(share, loads, floors[index] as Int32Array)) hasMoved = true
  }
}

/**
 * Moves partitions of one topic from the subscriber with the highest load to the one with the lowest. Both orders hold
 * although they share their members: who has given is within one of the highest, so that it will not receive, and who
 * has received is within one of the lowest, so that it will not give.
 */
function levelTopic({ topic, counts }: Shares, loads: Int32Array, floors: Int32Array): boolean {
  const mayGive = (place: number): boolean => (counts[place] as number) > (floors[place] as number)
  const loadOf = (place: number): number => loads[topic.subscribers[place] as number] as number
  const places = [...counts.keys()]
  const givers = places.filter(mayGive)
  const spread = givers.reduce((most, place) => Math.max(most, loadOf(place)), 0) - leastOf(topic, loads)
  if (spread < 2) return false
  const lowest = new Heap(places, byLoad(topic, loads, 1))
  const highest = new Heap(givers, byLoad(topic, loads, -1))
  for (;;) {
    const [from, to] = [highest.top, lowest.top]
    if (from === undefined || to === undefined || loadOf(from) - loadOf(to) < 2) return true
    counts[from] = (counts[from] as number) - 1
    counts[to] = (counts[to] as number) + 1
    add(loads, topic, from, -1)
    add(loads, topic, to, 1)
    if (mayGive(from)) highest.settleTop()
    else highest.dropTop()
    lowest.settleTop()
  }
}

function leastOf({ subscribers }: TopicLayout, loads: Int32Array): number {
  return subscribers.reduce((least, member) => Math.min(least, loads[member] as number), Number.POSITIVE_INFINITY)
}

/** Equal loads go by place, so that the outcome does not depend on chance. */
function byLoad({ subscribers }: TopicLayout, loads: Int32Array, sign: 1 | -1): (a: number, b: number) => boolean {
  return (a, b) => {
    const difference = (loads[subscribers[a] as number] as number) - (loads[subscribers[b] as number] as number)
    return difference === 0 ? a < b : difference * sign < 0
  }
}

function add(loads: Int32Array, { subscribers }: TopicLayout, place: number, count: number): void {
  const member = subscribers[place] as number
  loads[member] = (loads[member] as number) + count
}

/** Claims are kept up to the numbers, lowest partitions first; the rest fills up whoever is short. */
function ownersOf({ members, total }: Layout, claims: Int32Array, shares: readonly Shares[]): Int32Array {
  const owners = new Int32Array(total).fill(FREE)
  const left = new Int32Array(members.length)
  for (const { topic, counts } of shares) {
    const { first, count, subscribers } = topic
    for (const [place, member] of subscribers.entries()) left[member] = counts[place] as number
    for (let id = first; id < first + count; id += 1) {
      const member = claims[id] as number
      if (member >= 0 && (left[member] as number) > 0) take(owners, left, id, member)
    }
    let place = 0
    for (let id = first; id < first + count; id += 1) {
      if (owners[id] !== FREE) continue
      while (left[subscribers[place] as number] === 0) place += 1
      take(owners, left, id, subscribers[place] as number)
    }
  }
  return owners
}

function take(owners: Int32Array, left: Int32Array, id: number, member: number): void {
  owners[id] = member
  left[member] = (left[member] as number) - 1
}
