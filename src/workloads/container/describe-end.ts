import { plain } from '../../lib/plain.ts';
import type { ContainerAnswer } from './engine-answers.ts';
import type { ContainerSettings } from './schema.ts';

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

/** How a container ended, as a clause: exit code, what that means, its last words. */
export function describeEnd(
  { State }: Pick<ContainerAnswer, 'State'>,
  lastWords: readonly string[],
  { memory }: Pick<ContainerSettings, 'memory'>,
): string {
  const said =
    lastWords.length === 0
      ? 'it said nothing'
      : `it said last: ${lastWords.map((line) => JSON.stringify(plain(line))).join(', ')}`;
  if (State.OOMKilled)
    return `it needed more memory than it may have${memory === undefined ? '' : ` (--memory ${memory})`}; ${said}`;
  const signal = signals[State.ExitCode];
  return `it exited with code ${State.ExitCode}${signal === undefined ? '' : ` (${signal})`}; ${said}`;
}

/** What to do about a container that ended before it listened. */
export function adviseEnd(
  lastWords: readonly string[],
  architectures: { readonly image: string; readonly engine: string },
): string {
  const text = lastWords.join('\n');
  if (/exec format error/i.test(text))
    return `The image is for ${architectures.image}, the engine runs on ${architectures.engine}: use an image for that, or set the engine up to emulate the other`;
  if (/read-only file system|EROFS/i.test(text))
    return 'It writes outside of /tmp: mount a volume there with --volume, or give it --writable-root';
  if (/EACCES|permission denied|operation not permitted|EPERM/i.test(text))
    return 'It may not do what it tries: it has no capabilities (--cap-add) and reads mounted files as its own user (--user); root in it is not root here';
  if (/ENOSPC|no space left/i.test(text)) return '/tmp has 256 MB: mount a volume with --volume where it needs more';
  return 'Try it by itself with docker run; its arguments stand after --, its environment is --env and --env-file alone';
}
