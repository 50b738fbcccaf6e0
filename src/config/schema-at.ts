import { z } from 'zod';
import { type Segment, strategyOf, unwrap } from './leaves.ts';
import { valueAt } from './path.ts';
import { configSchema } from './schema.ts';

/** The keys a group of the tree may have; empty when nothing is known of it. */
export function keysAt(tree: unknown, path: readonly Segment[]): readonly string[] {
  let schema: z.core.$ZodType = unwrap(configSchema);
  for (let index = 0; index < path.length; index++) {
    const child = childOf(schema, path[index]);
    if (child === undefined) return [];
    schema = pick(unwrap(child), valueAt(tree, [...path.slice(0, index + 1), 'strategy']));
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function childOf(schema: z.core.$ZodType, segment: Segment | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject && typeof segment === 'string') return schema.shape[segment];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}

function pick(schema: z.core.$ZodType, strategy: unknown): z.core.$ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  return schema.options.find((option) => strategyOf(option) === strategy) ?? schema;
}
