import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartedProgram } from '../kit/run-program.ts';
import { signIn } from '../kit/scripted-browser.ts';
import { startShieldLab, type ShieldLab } from './start-shield-lab.ts';

/** How clients can sign in. */
export const ways = ['at the provider', 'by the façade'] as const;

export function startLab(way: (typeof ways)[number]): Promise<ShieldLab> {
  return startShieldLab(way === 'by the façade' ? { facade: true } : {});
}

/** Where clients reach the server: its resource URL. */
export function urlOf({ gateway }: ShieldLab): string {
  return gateway.mcpUrl.replace('127.0.0.1', 'localhost');
}

const shownUrl = /http:\/\/localhost:\d+\/\S*authorize\?\S+/;

/** What a person does with the URL that a client shows: opens it, agrees, signs in, and ends at the client's own page. */
async function beThePerson(lab: ShieldLab, shown: string): Promise<void> {
  const [url = ''] = shownUrl.exec(shown) ?? [];
  const alsoAt = [new URL(lab.idp.idp.httpUrl).origin];
  const callback = await signIn(url, { username: 'alice@example.com', password: 'alice', alsoAt });
  assert.equal((await fetch(callback)).status, 200);
}

/** So that no browser of this machine opens. */
export const noBrowser = { BROWSER: 'true', DISPLAY: '', WAYLAND_DISPLAY: '' };

/** What a client said, and the person signed in where it asked for that. */
export async function follow(lab: ShieldLab, program: StartedProgram, ending: RegExp): Promise<string> {
  const text = () => Object.values(program.output()).join('\n');
  await program.said(new RegExp(`${shownUrl.source}\\s|${ending.source}`), 60_000);
  if (!ending.test(text())) await beThePerson(lab, text());
  await program.said(ending, 60_000);
  return text();
}

/** Does something in a home folder of its own. */
export async function withHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'usher-clients-'));
  try {
    return await work(home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** How often somebody signed in. */
export const signIns = ({ idp }: ShieldLab) => idp.log.filter(({ line }) => line === 'signed in').length;
