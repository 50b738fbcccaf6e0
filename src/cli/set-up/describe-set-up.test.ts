import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../model/secret.ts';
import type { SetUp } from '../../model/set-up.ts';
import type { SetUpReport } from '../../setup/run-set-up.ts';
import { describeOutcome, describeProposal, describeUndo, reportJson } from './describe-set-up.ts';

const refuse = () => Promise.reject(new Error('not asked'));
const setUp: SetUp = {
  provider: 'okta',
  title: 'Okta',
  target: 'https://example.okta.com',
  plan: refuse,
  readOutcome: refuse,
  mayUndo: () => true,
  undo: refuse,
  close: refuse,
};

const report: SetUpReport = {
  state: 'applied',
  found: ['App "\u001b[2Jevil\nname"'],
  steps: [{ action: 'create', sentence: 'Create \u202eit' }],
  files: { 'usher.yaml': 'write', 'gateway-secret.txt': 'edited' },
  unsure: ['Create b'],
  outcome: {
    callers: { issuer: 'https://example.okta.com/oauth2/a', audience: ['mcpserver'], scopes: ['call'] },
    exchange: {
      url: 'https://example.okta.com/oauth2/b/v1/token',
      clientId: '0oa1',
      clientSecret: new Secret('the-gateway-secret'),
      audience: ['backend'],
      scopes: ['read'],
    },
    client: { clientId: '0oa2', clientSecret: new Secret('the-client-secret'), redirectUris: ['http://127.0.0.1/'] },
  },
};

test('plan – names with control characters – are shown on one line, without them', () => {
  assert.deepEqual(describeProposal(setUp, report, '/gw').split('\n'), [
    'Okta at https://example.okta.com: 1 to do',
    '  = App "evil name"',
    '  + Create  it',
    '  + Write /gw/usher.yaml, readable by its owner only',
    '  = Leave /gw/gateway-secret.txt as it is: somebody changed it',
    '  ! Done by a run that was interrupted, so --undo does not know of it: Create b',
  ]);
});

test('plan – nothing to do – says only that', () => {
  const nothing = { ...report, steps: [], unsure: [], files: { 'usher.yaml': 'same' } } as const;
  assert.equal(describeProposal(setUp, nothing, '/gw'), 'Okta at https://example.okta.com: nothing to change');
});

test('undo – steps and files – are each on a line', () => {
  const undo = {
    steps: ['Delete the app "a"'],
    unsure: ['Create b'],
    files: { 'usher.yaml': 'edited', 'gateway-secret.txt': 'remove' },
  } as const;
  assert.deepEqual(describeUndo(setUp, undo, '/gw').split('\n'), [
    'Okta at https://example.okta.com: 1 to take back',
    '  - Delete the app "a"',
    '  - Remove /gw/gateway-secret.txt',
    '  = Leave /gw/usher.yaml: somebody changed it',
    '  ! Look for it by hand, since a run was interrupted there: Create b',
  ]);
});

test('outcome and report – with two secrets – tell neither, but where the client finds its own', () => {
  assert.ok(report.outcome);
  const texts = [describeOutcome(report.outcome, '/gw'), reportJson(setUp, report, '/gw')];
  for (const text of texts) {
    assert.doesNotMatch(text, /the-gateway-secret|the-client-secret/);
    assert.match(text, /\/gw\/mcp-client-secret\.txt/);
  }
});
