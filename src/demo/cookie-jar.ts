/** The cookies of one origin. A visit never leaves it, so domains, Secure and SameSite have nothing to decide. */
export class CookieJar {
  readonly #cookies = new Map<string, { readonly name: string; readonly value: string; readonly path: string }>();

  /** Keeps what a response to `url` sets, and drops what it expires. */
  keep(url: URL, setCookie: readonly string[]): void {
    for (const line of setCookie) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      if (equals < 1) continue;
      const name = pair.slice(0, equals);
      const path = findAttribute(attributes, 'path') ?? defaultPath(url);
      const key = `${name};${path}`;
      if (isExpired(attributes)) this.#cookies.delete(key);
      else this.#cookies.set(key, { name, value: pair.slice(equals + 1), path });
    }
  }

  /** The `Cookie` header for a request to `url`, or undefined without cookies for it. Longer paths first (RFC 6265 section 5.4). */
  header(url: URL): string | undefined {
    const cookies = [...this.#cookies.values()]
      .filter(({ path }) => matchesPath(url.pathname, path))
      .sort((a, b) => b.path.length - a.path.length);
    return cookies.length === 0 ? undefined : cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

function findAttribute(attributes: readonly string[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

function isExpired(attributes: readonly string[]): boolean {
  const maxAge = findAttribute(attributes, 'max-age');
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = findAttribute(attributes, 'expires');
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

/** RFC 6265 section 5.1.4. */
function defaultPath(url: URL): string {
  return url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/';
}

/** RFC 6265 section 5.1.4. */
function matchesPath(requestPath: string, path: string): boolean {
  return (
    requestPath === path || (requestPath.startsWith(path) && (path.endsWith('/') || requestPath[path.length] === '/'))
  );
}
