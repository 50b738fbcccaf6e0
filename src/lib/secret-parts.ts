/** What nobody may repeat of the value of a header with a credential: all of it, and each word behind its scheme, however
 * short an operator's key may be.
 */
export function secretParts(value: string): readonly string[] {
  const [, ...words] = value.split(' ');
  return [value, ...words.filter((word) => word !== '')];
}
