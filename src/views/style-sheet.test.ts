import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { styleSheet } from './style-sheet.ts';

/** Relative luminance by WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const [light = '', dark = ''] = [...styleSheet.matchAll(/:root \{([\s\S]*?)\}/g)].map(([, body]) => body ?? '');

describe('contrast', () => {
  for (const [scheme, block] of Object.entries({ light, dark })) {
    const colour = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? 'missing';
    const texts = [
      ['text', 'ground'],
      ['text', 'card'],
      ['text', 'tint'],
      ['quiet', 'ground'],
      ['quiet', 'card'],
      ['accent', 'ground'],
      ['accent', 'card'],
      ['accent-strong', 'ground'],
      ['accent-strong', 'card'],
      ['on-accent', 'accent'],
      ['on-accent', 'accent-strong'],
      ['warn', 'warn-ground'],
      ['bad', 'bad-ground'],
    ] as const;
    for (const [front, back] of texts) {
      test(`${front} on ${back} – ${scheme} scheme – is at least 4.5`, () => {
        assert.ok(contrast(colour(front), colour(back)) >= 4.5, `${contrast(colour(front), colour(back))}`);
      });
    }
    for (const [front, back] of [
      ['control', 'card'],
      ['bad', 'card'],
    ] as const) {
      test(`${front} edge on ${back} – ${scheme} scheme – is at least 3`, () => {
        assert.ok(contrast(colour(front), colour(back)) >= 3);
      });
    }
  }
});
