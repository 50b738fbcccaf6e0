import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe } from '../../lib/describe-error.ts';
import { endWithProcess } from '../../lib/end-with-process.ts';
import { withoutTokens } from '../../lib/without-tokens.ts';
import { Secret } from '../../model/secret.ts';
import type { Launcher, LaunchGift } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import type { UpstreamUser } from '../../model/upstream.ts';
import { fail } from '../../model/usher-error.ts';
import type { StdioSettings } from './schema.ts';
import { makeTokenFolder } from './token-folder.ts';

/** A process ends so long before its token does; a token that does not say when it ends is taken for one of five minutes. */
const marginMs = 5_000;
const unknownLifeMs = 300_000;
/** In the last fifth of its life a newer one is used, where there is one; as the cache of tokens has it. */
const oldShare = 0.8;
const longestTimerMs = 2 ** 31 - 1;
const fileName = 'token';

/** The token of one user, as one process has it. */
export interface GivenToken {
  readonly gift: LaunchGift;
  /** Takes over the user's token of now. False when the process cannot be given it and should not be used for new calls. */
  renew(user: UpstreamUser): boolean;
  /** Called with a reason when the process must end, since its token does. */
  onEnd(end: (reason: string) => void): void;
  /** Nothing of it is left on this machine afterwards. */
  remove(): Promise<void>;
}

/** Makes the token of a user ready for a process: in its environment, or in a file of a folder that only this user of the
 * machine may enter.
 * @throws UsherError internal where the call has none: the configuration is checked for that
 */
export async function giveToken(
  user: UpstreamUser | undefined,
  { userTokenEnv, userTokenFile }: StdioSettings,
  { isOtherUser, log }: Pick<Launcher, 'isOtherUser'> & { readonly log: Log },
): Promise<GivenToken> {
  const first = readToken(user);
  const fileMode = isOtherUser ? 0o644 : 0o600;
  const folder = userTokenFile === undefined ? undefined : await makeTokenFolder({ isOtherUser });
  const spare = folder === undefined ? undefined : endFolderWithUs(dirname(folder), log);
  const life = new TokenLife(first);
  const given = new Set([first.value.reveal()]);
  const write = (value: Secret) => (folder === undefined ? undefined : writeToken(folder, value, fileMode));
  const remove = async (): Promise<void> => {
    if (folder !== undefined) await rm(dirname(folder), { recursive: true, force: true });
    spare?.();
  };
  try {
    await write(first.value);
  } catch (error) {
    await remove();
    throw error;
  }
  const gift: LaunchGift = {
    env: userTokenEnv === undefined ? {} : { [userTokenEnv]: first.value },
    folder:
      folder === undefined || userTokenFile === undefined
        ? undefined
        : { path: folder, fileEnv: { [userTokenFile]: fileName } },
    hide: (line) => withoutTokens(line, [...given]),
  };
  let written = Promise.resolve();
  return {
    gift,
    renew(of) {
      const next = readToken(of);
      // One user may hold several at a time: the one that lasts longest is good for all calls.
      if (next.endsAtMs <= life.token.endsAtMs) return true;
      if (userTokenEnv !== undefined || folder === undefined) return !life.isOld;
      life.take(next);
      given.add(next.value.reveal());
      written = written
        .then(() => write(next.value))
        .catch((error: unknown) => life.end(`its token cannot be written: ${describe(error)}`));
      return true;
    },
    onEnd(end) {
      life.end = end;
      life.watch();
    },
    async remove() {
      life.stop();
      await written;
      await remove();
    },
  };
}

/** A token must not lie about on the disk of somebody who was killed. */
function endFolderWithUs(folder: string, log: Log): () => void {
  return endWithProcess({ folder }, (reason) =>
    log.warn('What removes token files if this process is killed has ended; it is started again', { reason }),
  );
}

interface UserToken {
  readonly value: Secret;
  /** Milliseconds since the epoch. */
  readonly endsAtMs: number;
  readonly gotAtMs: number;
}

/** The bare token: what stands behind the scheme in its header. */
function readToken(user: UpstreamUser | undefined): UserToken {
  const { header, claims } = user?.credential ?? {};
  if (header === undefined) throw fail('internal', { reason: 'a call has no token for the process of its user' });
  const text = header.value.reveal();
  const nowMs = Date.now();
  const endsAtMs = claims?.exp === undefined ? nowMs + unknownLifeMs : claims.exp * 1000;
  return { value: new Secret(text.slice(text.lastIndexOf(' ') + 1)), endsAtMs, gotAtMs: nowMs };
}

/** In place: whoever reads it finds the old one or the new one, whole. */
async function writeToken(folder: string, value: Secret, mode: number): Promise<void> {
  const next = join(folder, '.next');
  await writeFile(next, value.reveal(), { mode });
  // Whatever the umask says.
  await chmod(next, mode);
  await rename(next, join(folder, fileName));
}

class TokenLife {
  token: UserToken;
  end: (reason: string) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(token: UserToken) {
    this.token = token;
  }

  get isOld(): boolean {
    const { gotAtMs, endsAtMs } = this.token;
    return Date.now() >= gotAtMs + (endsAtMs - gotAtMs) * oldShare;
  }

  take(token: UserToken): void {
    this.token = token;
    this.watch();
  }

  watch(): void {
    clearTimeout(this.#timer);
    const leftMs = Math.max(0, this.token.endsAtMs - marginMs - Date.now());
    this.#timer = setTimeout(
      () => (leftMs > longestTimerMs ? this.watch() : this.end("its user's token ends")),
      Math.min(leftMs, longestTimerMs),
    ).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
