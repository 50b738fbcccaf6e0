import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from '../lib/html.ts';
import { findForm, unescapeHtml } from './find-form.ts';

test('findForm – form with inputs and buttons – has its action and every named field, unescaped', () => {
  const form = findForm(
    '<p></p><form\n  class="x" method="post" action="/a?b=1&amp;c=2"><input type="hidden" name="csrf" value="&quot;&lt;&#39;" />' +
      '<input\n  id="u"\n  name="username"\n/><input type="checkbox" /><button name="decision" value="allow">Allow</button></form>',
  );
  assert.equal(form?.action, '/a?b=1&c=2');
  assert.deepEqual(
    [...(form?.fields ?? [])],
    [
      ['csrf', `"<'`],
      ['username', ''],
      ['decision', 'allow'],
    ],
  );
});

test('findForm – input outside the form – is not a field', () => {
  assert.deepEqual([...(findForm('<input name="a" /><form action="/"></form><input name="b" />')?.fields ?? [1])], []);
});

test('findForm – page without a form – is undefined', () => {
  assert.equal(findForm('<p>No form</p>'), undefined);
});

test('unescapeHtml – what html escaped – is what it was', () => {
  const text = `<a href="x">it's &amp; &lt; &</a>`;
  assert.equal(unescapeHtml(html`${text}`.toString()), text);
});
