import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLoginLab } from '../kit/start-login-lab.ts';
import { runProgram, startProgram, type ProgramResult } from '../kit/run-program.ts';
import { runUsher } from '../kit/run-usher.ts';
import { startScriptedModel } from '../kit/start-scripted-model.ts';
import { claimsOf } from '../kit/start-test-idp.ts';
import { follow, noBrowser, signIns, startLab, urlOf, ways, withHome } from './real-client.ts';
import { answerMcp } from './start-shield-lab.ts';

/** A real agent: how its command line does what is tried here. */
export interface Agent {
  /** In Usher's table of clients. */
  readonly client: string;
  /** Its settings, below a home folder. */
  readonly file: string;
  /** Why it cannot be tried; false where it can. */
  readonly skip: string | false;
  /** Shows what it knows of the server countries. */
  readonly get: readonly string[];
  /** Signs in at it. */
  readonly login: readonly string[];
  readonly loggedIn: RegExp;
  /** Has it think with the model at a URL. */
  readonly ask: (modelUrl: string) => readonly string[];
  readonly env: (modelUrl: string) => Readonly<Record<string, string>>;
}

const call = { tool: 'GetCountry', input: { code: 'CZ' } };

/** Tries that what Usher writes into an agent's settings is what it reads, and that it calls tools by it: with a person who
 * signs in in it, and with the token of a gateway whose operator has signed in.
 */
export function tryAgent(agent: Agent): void {
  const { client, skip } = agent;
  for (const way of ways) {
    test(
      `${client}, ${way} – put there by usher client add – signs in, calls a tool, which gets the API’s token for the user`,
      { skip },
      async (context) => {
        await using lab = await startLab(way);
        await using model = await startScriptedModel(call);
        await withHome(async (home) => {
          const usher = (...args: string[]) => runUsher(context, args, { env: { HOME: home } });
          const run = runIn(home, agent, model.url);
          const added = await usher('client', 'add', 'countries', '--url', urlOf(lab), '--client', client);
          assert.equal(added.code, 0, added.stderr);
          assert.match((await run(agent.get)).stdout, new RegExp(urlOf(lab)));
          {
            await using login = startProgram(agent.login, {
              env: { ...noBrowser, HOME: home, ...agent.env(model.url) },
              cwd: home,
            });
            const said = await follow(lab, login, agent.loggedIn);
            assert.equal(await login.exited, 0, said);
          }
          const answer = await run(agent.ask(model.url));
          assert.match(answer.stdout, /Czechia/, answer.stderr);
          assert.equal(signIns(lab), 1);

          const reached = lab.upstream.seen.find(({ body }) => body.includes('"tools/call"'));
          const { sub, aud } = claimsOf(reached?.headers.authorization?.replace('Bearer ', ''));
          assert.deepEqual([sub, aud], ['alice@example.com', 'backend']);
          const record = (await lab.gateway.records()).find(({ what }) => what.tool === 'GetCountry');
          assert.equal(record?.who.sub, 'alice@example.com');
          assert.equal(record?.exchanged?.aud, 'backend');

          const removed = await usher('client', 'remove', 'countries');
          assert.equal(removed.code, 0, removed.stderr);
          assert.notEqual((await run(agent.get)).code, 0);
        });
      },
    );
  }

  test(
    `${client} – the token of local callers in its settings – calls a tool without signing in, and another token does not`,
    { skip },
    async (context) => {
      await using lab = await startLoginLab({ respond: ({ body }, response) => answerMcp(body, response) });
      await using model = await startScriptedModel(call);
      await withHome(async (home) => {
        const url = lab.gateway.mcpUrl.replace('127.0.0.1', 'localhost');
        const headers = join(home, 'headers.txt');
        writeFileSync(headers, `Authorization: Bearer ${lab.callerToken}\n`);
        const words = ['client', 'add', 'countries', '--url', url, '--client', client, '--headers-file', headers];
        assert.equal((await runUsher(context, words, { env: { HOME: home } })).code, 0);
        const run = runIn(home, agent, model.url);
        const answer = await run(agent.ask(model.url));
        assert.match(answer.stdout, /Czechia/, answer.stderr);
        const seen = lab.behind.seen.length;

        const file = join(home, agent.file);
        writeFileSync(file, readFileSync(file, 'utf8').replace(lab.callerToken, 'another-token'));
        const refused = await run(agent.ask(model.url));
        assert.doesNotMatch(refused.stdout, /Czechia/);
        assert.equal(lab.behind.seen.length, seen);
      });
    },
  );
}

function runIn(home: string, agent: Agent, modelUrl: string): (command: readonly string[]) => Promise<ProgramResult> {
  return (command) => runProgram(command, { env: { HOME: home, ...agent.env(modelUrl) }, cwd: home });
}
