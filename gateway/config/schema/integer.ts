/** A whole number with a range and a default, both of which its description tells. */
import { z } from 'zod'

export function integer(minimum: number, maximum: number, fallback: number, meaning: string) {
  const range = `${String(minimum)} to ${String(maximum)}. Default ${String(fallback)}.`
  return z.int().min(minimum).max(maximum).default(fallback).describe(`${meaning} ${range}`)
}
