/** The text of the fixtures, which a program in another language wrote by the same rule. */
export function repetitiveText(length: number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += `line ${i % 50} ${(i * 7) % 13}\n`
  return text
}
