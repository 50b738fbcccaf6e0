import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../../test/kit/config-input.ts';
import { until } from '../../../test/kit/until.ts';
import { buildLoginAid } from './login-aid.ts';

const skip = process.platform === 'linux' ? false : 'xdg-open is what Linux has';

test('a browser that is opened – gets the address, and no setting of the environment', { skip }, async (context) => {
  const folder = makeFolder(context);
  const [program, seen] = [join(folder, 'xdg-open'), join(folder, 'seen')];
  writeFileSync(program, `#!/bin/sh\n{ echo "$@"; env; } > ${seen}.draft; mv ${seen}.draft ${seen}\n`);
  chmodSync(program, 0o755);
  const path = `${folder}${delimiter}${process.env['PATH']}`;
  const secrets = {
    USHER_REMOTE_AUTH_CLIENT_SECRET: 'hunter2',
    TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET: 'hunter3',
    USHER_SECRETS_PASSWORD: 'hunter4',
  };
  const before = process.env['PATH'];
  process.env['PATH'] = path;
  context.after(() => (process.env['PATH'] = before));
  const aid = buildLoginAid({ PATH: path, DISPLAY: ':0', LANG: 'C', ...secrets });
  assert.equal(await aid.open('http://127.0.0.1:1/authorize?a=b'), true);
  await until(() => readFileSync(seen, 'utf8') !== '');
  const said = readFileSync(seen, 'utf8');
  assert.match(said, /^http:\/\/127\.0\.0\.1:1\/authorize\?a=b\n/);
  assert.match(said, /\nDISPLAY=:0\n|^DISPLAY=:0$/m);
  assert.doesNotMatch(said, /hunter/);
});
