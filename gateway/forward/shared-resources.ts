/**
 * Connections that outlive a reload. All holders of an equal specification share one resource, which ends
 * when the last of them releases it. So a route whose upstream has not changed keeps its connections.
 */
import { isDeepStrictEqual } from 'node:util'

interface Entry<Specification, Resource> {
  readonly specification: Specification
  readonly resource: Resource
  holders: number
}

export class SharedResources<Specification, Resource> {
  readonly #entries = new Set<Entry<Specification, Resource>>()
  readonly #create: (specification: Specification) => Resource
  readonly #end: (resource: Resource) => void

  constructor(
    create: (specification: Specification) => Resource,
    end: (resource: Resource) => void,
  ) {
    this.#create = create
    this.#end = end
  }

  /** Each call needs one call of `release`. */
  acquire(specification: Specification): Resource {
    const known = [...this.#entries].find((entry) =>
      isDeepStrictEqual(entry.specification, specification),
    )
    const entry = known ?? {
      specification,
      resource: this.#create(specification),
      holders: 0,
    }
    entry.holders += 1
    this.#entries.add(entry)
    return entry.resource
  }

  release(resource: Resource): void {
    for (const entry of this.#entries) {
      if (entry.resource !== resource) continue
      entry.holders -= 1
      if (entry.holders > 0) return
      this.#entries.delete(entry)
      this.#end(resource)
    }
  }
}
