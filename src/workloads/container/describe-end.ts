import { plain } from '../../lib/plain.ts';
import type { ContainerSettings } from './schema.ts';

const signals: Readonly<Record<number, string>> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

/** What the engine says of a container that ended. */
export interface EndState {
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
}

/** How a container ended, as a clause: exit code, what that means, its last words. */
export function describeEnd(
  { ExitCode, OOMKilled }: EndState,
  lastWords: readonly string[],
  { memory }: Pick<ContainerSettings, 'memory'>,
): string {
  const said = describeLastWords(lastWords);
  const limit = memory === undefined ? '' : ` (--memory ${memory})`;
  if (OOMKilled) return `it needed more memory than it may have${limit}; ${said}`;
  const signal = signals[ExitCode];
  // Not every engine says why: nobody else sends this signal by himself.
  const perhaps = ExitCode === 137 && limit !== '' ? `, perhaps for more memory than it may have${limit}` : '';
  return `it exited with code ${ExitCode}${signal === undefined ? '' : ` (${signal}${perhaps})`}; ${said}`;
}

/** The last lines a container said, as a clause. */
export function describeLastWords(lines: readonly string[]): string {
  if (lines.length === 0) return 'it said nothing';
  return `it said last: ${lines.map((line) => JSON.stringify(plain(line))).join(', ')}`;
}

/** What to do about a container that ended before it listened. */
export function adviseEnd(
  lastWords: readonly string[],
  architectures: { readonly image: string; readonly engine: string },
): string {
  if (/exec format error/i.test(lastWords.join('\n')))
    return `The image is for ${architectures.image}, the engine runs on ${architectures.engine}: use an image for that, or set the engine up to emulate the other`;
  return (
    findAdvice(lastWords) ??
    'Try it by itself with docker run; its arguments stand after --, its environment is --env and --env-file alone'
  );
}

/** What to do where the last words of a container tell what it stumbled over. */
export function findAdvice(lastWords: readonly string[]): string | undefined {
  const text = lastWords.join('\n');
  if (/read-only file system|EROFS/i.test(text))
    return 'It writes outside of /tmp: mount a volume there with --volume, or give it --writable-root';
  if (/EACCES|permission denied|operation not permitted|EPERM/i.test(text))
    return 'It may not do what it tries: it has no capabilities (--cap-add) and reads mounted files as its own user (--user); root in it is not root here';
  if (/ENOSPC|no space left/i.test(text)) return '/tmp has 256 MB: mount a volume with --volume where it needs more';
  if (/127\.0\.0\.1|localhost|\[?::1\]?/.test(text) && /ECONNREFUSED|connection refused/i.test(text))
    return 'In a container 127.0.0.1 and localhost are the container itself: this machine is host.docker.internal there, and what is called has to listen where containers reach it';
  return undefined;
}
