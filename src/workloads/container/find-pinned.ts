import { distributionAnswer, imageAnswer } from './engine-answers.ts';
import { EngineError } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { parseImageReference, pinnedForm } from './image-reference.ts';

/** For what a registry says of a tag; the engine asks it. */
const registryMs = 20_000;

/** The name of exactly the image that a tag means now: of what the engine has, else of what its registry says, which is asked
 * by the engine and fetches nothing (Docker Engine API, `GET /distribution/{name}/json`).
 * @param options `isNew`: what the engine has does not count, it is to be fetched anew
 * @returns undefined where nobody can tell: an image that was built here, a registry that is away or wants a sign-in, and
 *   Podman, which asks no registry about a tag
 */
export async function findPinned(
  image: string,
  { client }: Engine,
  { isNew }: { readonly isNew: boolean },
): Promise<string | undefined> {
  const { name, isDigest } = parseImageReference(image);
  if (isDigest) return undefined;
  const here = isNew ? undefined : await orNothing(() => client.read(imageAnswer, 'GET', `/images/${image}/json`));
  if (here !== undefined) return pinnedForm(image, here.RepoDigests ?? []);
  const path = `/distribution/${image}/json`;
  const said = await orNothing(() => client.read(distributionAnswer, 'GET', path, { timeoutMs: registryMs }));
  return said === undefined ? undefined : `${name}@${said.Descriptor.digest}`;
}

/** Whatever is wrong there is said when the image is fetched. */
async function orNothing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof EngineError || (error instanceof Error && error.name === 'TimeoutError')) return undefined;
    throw error;
  }
}
