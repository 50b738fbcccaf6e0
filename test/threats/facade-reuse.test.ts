import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOf, tokensOf } from '../shield/facade-visitor.ts';
import { useFacade } from '../shield/use-facade.ts';

/** Somebody has a copy of what may be used once (RFC 9700 §4.14.2). */
describe('what is used a second time at the façade', () => {
  const facade = useFacade();
  const { visit, heard } = facade;

  test('a refresh token that comes again later – somebody has a copy: the sign-in ends for both, here and at the provider', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const { refresh_token: stolen = '' } = await visitor.tokens(client);
    const { refresh_token: theirs = '' } = tokensOf(await visitor.refresh(client, stolen));
    facade.lab.clock.aheadMs += 11_000;
    const copy = await visitor.refresh(client, stolen);
    assert.equal(errorOf(copy), 'invalid_grant');
    assert.match(copy.text, /ends the sign-in here and at the identity provider/);
    const heardBefore = heard();
    const next = await visitor.refresh(client, theirs);
    assert.equal(errorOf(next), 'invalid_grant');
    assert.match(next.text, /used twice, which ended the sign-in/);
    assert.equal(heard(), heardBefore, 'nobody is asked any more');
    // Another sign-in of the same app and user goes on.
    assert.equal((await visitor.redeem(client, await visitor.toCode(client))).status, 200);
  });

  test('a refresh token that two windows of an app use at the same moment – one gets tokens, the sign-in goes on', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const { refresh_token: token = '' } = await visitor.tokens(client);
    const answers = await Promise.all([visitor.refresh(client, token), visitor.refresh(client, token)]);
    assert.deepEqual(answers.filter(({ status }) => status === 200).length, 1);
    const { refresh_token: next = '' } = JSON.parse(
      answers.find(({ status }) => status === 200)?.text ?? '{}',
    ) as Record<string, string>;
    assert.equal((await visitor.refresh(client, next)).status, 200);
  });
});
