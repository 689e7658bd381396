const STEPS: readonly number[] = [1, 2, 5, 10]

/** Round numbers from 0 to the largest value, at most so many. */
export function ticksUpTo(largest: number, most: number): number[] {
  const least = largest / most
  const power = 10 ** Math.floor(Math.log10(least))
  const step = Math.max(1, power * (STEPS.find((factor) => power * factor >= least) ?? 10))
  return Array.from({ length: Math.floor(largest / step) + 1 }, (_, index) => index * step)
}
