/**
 * Connections that outlive a reload: one resource for all holders of an equal specification, ended
 * when the last of them lets go. A route whose upstream did not change keeps its open connections.
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

  /** To be given back by `release`, once for each call. */
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
