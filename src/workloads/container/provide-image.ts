import { describe } from '../../lib/describe-error.ts';
import type { Log } from '../../model/log.ts';
import type { ShowProgress } from '../../model/workload.ts';
import { type ImageAnswer, imageAnswer } from './engine-answers.ts';
import { EngineError } from './engine-client.ts';
import type { Engine } from './find-engine.ts';
import { parseImageReference, pinnedForm } from './image-reference.ts';
import { pullImage } from './pull-image.ts';
import { refuseContainer } from './refuse-container.ts';

export interface ProvideOptions {
  readonly pull: 'missing' | 'always' | 'never';
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  readonly showProgress?: ShowProgress | undefined;
}

/** The image as the engine has it, fetched where that is wanted. What runs then is its id: nobody can put another one under
 * its name meanwhile.
 * @throws UsherError container_failed with the registry's words
 */
export async function provideImage(image: string, engine: Engine, options: ProvideOptions): Promise<ImageAnswer> {
  const { pull, log } = options;
  const before = pull === 'always' ? undefined : await findImage(image, engine);
  if (before === undefined && pull === 'never')
    throw refuseContainer(
      image,
      `${engine.label} does not have it, and --pull is never`,
      `Fetch it: docker pull ${image}`,
    );
  if (before === undefined) await fetchImage(image, engine, options);
  const found = before ?? (await findImage(image, engine));
  if (found === undefined)
    throw refuseContainer(image, 'it is not there after it was pulled', 'Try docker pull by hand');
  const { isDigest } = parseImageReference(image);
  const pinned = pinnedForm(image, found.RepoDigests ?? []);
  log.info(before === undefined ? 'The image was pulled' : 'The image is there', {
    image,
    id: found.Id,
    ...(pinned === undefined || isDigest ? {} : { pinned }),
  });
  return found;
}

async function findImage(image: string, { client }: Engine): Promise<ImageAnswer | undefined> {
  try {
    return await client.read(imageAnswer, 'GET', `/images/${image}/json`);
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return undefined;
    throw error;
  }
}

async function fetchImage(image: string, engine: Engine, { log, signal, showProgress }: ProvideOptions): Promise<void> {
  log.info('Pulling the image', { image, engine: engine.label });
  const words = await pullImage(image, engine, { log, signal, showProgress }).catch((error: unknown) => {
    signal?.throwIfAborted();
    return describe(error);
  });
  if (words !== undefined) throw refuseContainer(image, `it cannot be pulled: ${words}`, pullAdvice(image, words));
}

function pullAdvice(image: string, words: string): string {
  if (/manifest unknown|not found|no such image|does not exist|name unknown/i.test(words))
    return 'Is its name right, with registry and tag? A tag may not exist for this image';
  if (/unauthorized|denied|authentication|forbidden/i.test(words))
    return `The name may be wrong, or the registry wants you to sign in: docker login, then docker pull ${image}; it is found then`;
  if (/no matching manifest|platform/i.test(words)) return 'It is not published for the processor of this machine';
  return `Can this machine reach the registry? Try docker pull ${image}`;
}
