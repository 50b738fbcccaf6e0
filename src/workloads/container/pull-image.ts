import type { Readable } from 'node:stream';
import { parseJson } from '../../lib/parse-json.ts';
import { plain } from '../../lib/plain.ts';
import type { Log } from '../../model/log.ts';
import type { ShowProgress } from '../../model/workload.ts';
import { pullLine } from './engine-answers.ts';
import type { Engine } from './find-engine.ts';
import { parseImageReference } from './image-reference.ts';

export interface PullOptions {
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** Where a person looks at a terminal; without it the log has a line now and then. */
  readonly showProgress?: ShowProgress | undefined;
}

const logEveryMs = 10_000;

/** Pulls an image. Resolves with what went wrong in the registry's words, or undefined: an engine may say 200 and fail then.
 * @throws EngineError, Error
 */
export async function pullImage(
  image: string,
  { client }: Engine,
  { log, signal, showProgress }: PullOptions,
): Promise<string | undefined> {
  const { name, tag } = parseImageReference(image);
  const query = new URLSearchParams({ fromImage: name, tag });
  const answer = await client.stream('POST', `/images/create?${query.toString()}`, { signal });
  const layers = new Map<string, { current: number; total: number }>();
  let problem: string | undefined;
  let loggedAtMs = performance.now();
  try {
    for await (const text of linesOf(answer)) {
      const { success, data } = pullLine.safeParse(parseJson(text));
      if (!success) continue;
      problem ??= data.error === undefined ? undefined : plain(data.error);
      const { current, total } = data.progressDetail ?? {};
      // Layers are downloaded, then unpacked: the second would begin at nothing again.
      if (data.id !== undefined && total !== undefined && data.status === 'Downloading')
        layers.set(data.id, { current: current ?? 0, total });
      const shown = `Pulling ${image}: ${describeLayers([...layers.values()])}`;
      showProgress?.(shown);
      if (showProgress !== undefined || performance.now() - loggedAtMs < logEveryMs) continue;
      loggedAtMs = performance.now();
      log.info(shown);
    }
  } finally {
    showProgress?.(undefined);
  }
  return problem;
}

function describeLayers(layers: readonly { readonly current: number; readonly total: number }[]): string {
  const sum = (key: 'current' | 'total') => layers.reduce((bytes, layer) => bytes + layer[key], 0);
  if (layers.length === 0) return 'asking the registry';
  return `${inMegabytes(sum('current'))} of ${inMegabytes(sum('total'))} MB`;
}

function inMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const part of stream) {
    const lines = (rest + String(part)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}
