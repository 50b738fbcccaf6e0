/** The parameters of a `WWW-Authenticate` value (RFC 9110 §11.6.1), as clients read it. */
export function readChallenge(value: string | null): ReadonlyMap<string, string> {
  const parameters = (value ?? '').matchAll(/([\w-]+)="((?:[^"\\]|\\.)*)"/g);
  return new Map([...parameters].map(([, name = '', text = '']) => [name, text]));
}
