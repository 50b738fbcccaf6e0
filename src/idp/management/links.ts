/** A link of HAL with the methods it takes, as Okta has them. */
export function link(href: string, ...allow: readonly string[]): Readonly<Record<string, unknown>> {
  return { href, hints: { allow } };
}

/** `deactivate` of what is active, `activate` of what is not. */
export function lifecycleLink(self: string, isActive: boolean): Readonly<Record<string, unknown>> {
  const name = isActive ? 'deactivate' : 'activate';
  return { [name]: link(`${self}/lifecycle/${name}`, 'POST') };
}

/** `ACTIVE` or `INACTIVE`. */
export function statusOf({ active }: { readonly active: boolean }): 'ACTIVE' | 'INACTIVE' {
  return active ? 'ACTIVE' : 'INACTIVE';
}
