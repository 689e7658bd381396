/** Moves labels down from where they belong until each has its room; keeps their order, answers in the order given. */
export function spreadLabels(places: readonly number[], room: number, lowest: number): number[] {
  const order = places.map((_, index) => index).sort((a, b) => (places[a] as number) - (places[b] as number))
  const spread = [...places]
  for (const [rank, index] of order.entries()) {
    const above = order[rank - 1]
    if (above !== undefined) spread[index] = Math.max(places[index] as number, (spread[above] as number) + room)
  }
  for (const [rank, index] of order.toReversed().entries()) {
    const limit = rank === 0 ? lowest : (spread[order.at(-rank) as number] as number) - room
    spread[index] = Math.min(spread[index] as number, limit)
  }
  return spread
}
