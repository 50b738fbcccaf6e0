/** Where a value was said. */
export type Source =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly place: string }
  | { readonly kind: 'default' };

/** One thing that is wrong: where, and what, in one sentence that also says what to do. */
export interface Problem {
  readonly where: string;
  readonly what: string;
}

/** `--oidc-issuer`, `USHER_OIDC_ISSUER`, `usher.yaml:12:5` or `default`. */
export function formatSource(source: Source): string {
  if (source.kind === 'default') return 'default';
  return source.kind === 'file' ? source.place : source.name;
}
