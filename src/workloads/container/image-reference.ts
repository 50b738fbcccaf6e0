/** A reference to an image, in the parts `images/create` takes. */
export interface ImageReference {
  readonly name: string;
  /** A tag, or a digest such as `sha256:…`, which wins where both stand there. */
  readonly tag: string;
  readonly isDigest: boolean;
}

/** The tag is what follows the last colon behind the last slash: a colon before that is a port.
 * https://pkg.go.dev/github.com/distribution/reference
 */
export function parseImageReference(image: string): ImageReference {
  const [before = '', digest] = image.split('@', 2);
  const colon = before.indexOf(':', before.lastIndexOf('/') + 1);
  const name = colon < 0 ? before : before.slice(0, colon);
  if (digest !== undefined) return { name, tag: digest, isDigest: true };
  return { name, tag: colon < 0 ? 'latest' : before.slice(colon + 1), isDigest: false };
}

/** The form that names exactly this image, for whoever wants the same one tomorrow. */
export function pinnedForm(image: string, repoDigests: readonly string[]): string | undefined {
  const { name } = parseImageReference(image);
  const own = repoDigests.find((one) => one.startsWith(`${name}@`) || one.split('@')[0]?.endsWith(`/${name}`));
  return own ?? repoDigests[0];
}
