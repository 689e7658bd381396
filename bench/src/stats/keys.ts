/** Answers the number of the key that the next record has. */
export type PickKey = () => number

export function roundRobin(keys: number): PickKey {
  let next = 0
  return () => {
    const key = next
    next = (next + 1) % keys
    return key
  }
}

export function uniform(keys: number, random: () => number): PickKey {
  return () => Math.floor(random() * keys)
}

/** Zipf's law with exponent 1: key 0 is drawn twice as often as key 1, three times as often as key 2. */
export function zipf(keys: number, random: () => number): PickKey {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let key = 0; key < keys; key += 1) {
    sum += 1 / (key + 1)
    upTo[key] = sum
  }
  return () => firstAbove(upTo, random() * sum)
}

function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) > value) high = middle
    else low = middle + 1
  }
  return low
}
