/** Whether a client of somebody's has such a method. */
export function hasMethod(client: unknown, name: string): boolean {
  const isObject = (typeof client === 'object' && client !== null) || typeof client === 'function'
  return isObject && typeof (client as Record<string, unknown>)[name] === 'function'
}
