import { SLASH } from "../http/octet.js";

/** The rules with one pattern, in the order in which they are tried. */
export interface PathPlace<Rule> {
  readonly rules: Rule[];
  /** The place with the longest shorter prefix of the same path. */
  next: PathPlace<Rule> | undefined;
}

interface Node<Rule> {
  /** The characters between the parent's text and this node's. */
  label: string;
  /** By the first character of their labels. */
  readonly children: Map<number, Node<Rule>>;
  exact: PathPlace<Rule> | undefined;
  prefix: PathPlace<Rule> | undefined;
}

/** Rules by path, in a radix tree: the time to find a path depends on its length, not on the number of rules. */
export class PathTree<Rule> {
  readonly #root: Node<Rule> = newNode("");
  #longest = 0;
  #dependsOnPath = false;

  /** The length of the longest text in the tree. */
  get longest(): number {
    return this.#longest;
  }

  /** Whether any rule does not match all paths. */
  get dependsOnPath(): boolean {
    return this.#dependsOnPath;
  }

  /**
   * Adds a rule for the path `text`, or for `text` and every path below it. Rules of one pattern are tried in the order
   * in which they are added.
   */
  add(text: string, isPrefix: boolean, rule: Rule): void {
    const node = this.#nodeOf(text);
    const place = (isPrefix ? node.prefix : node.exact) ?? { rules: [], next: undefined };
    if (isPrefix) node.prefix = place;
    else node.exact = place;
    place.rules.push(rule);
    this.#longest = Math.max(this.#longest, text.length);
    this.#dependsOnPath ||= text !== "" || !isPrefix;
  }

  /** Links each place to the next. Call it once, after the last `add`. */
  link(): void {
    linkBelow(this.#root, undefined);
  }

  /** The most specific place for the path in `target` before `end`. */
  find(target: string, end: number): PathPlace<Rule> | undefined {
    let node = this.#root;
    // `/*` also matches the target `*`.
    let found = node.prefix;
    let at = 0;
    for (;;) {
      if (at === end) return node.exact ?? node.prefix ?? found;
      const code = target.charCodeAt(at);
      if (code === SLASH && node.prefix !== undefined) found = node.prefix;
      const child = node.children.get(code);
      if (child === undefined) return found;
      const { label } = child;
      if (label.length > end - at || !target.startsWith(label, at)) return found;
      at += label.length;
      node = child;
    }
  }

  #nodeOf(text: string): Node<Rule> {
    let node = this.#root;
    let at = 0;
    while (at < text.length) {
      const child = node.children.get(text.charCodeAt(at));
      if (child === undefined) {
        const leaf = newNode<Rule>(text.slice(at));
        node.children.set(text.charCodeAt(at), leaf);
        return leaf;
      }
      const shared = sharedLength(child.label, text, at);
      if (shared < child.label.length) split(node, child, shared);
      node = node.children.get(text.charCodeAt(at))!;
      at += shared;
    }
    return node;
  }
}

function newNode<Rule>(label: string): Node<Rule> {
  return { label, children: new Map(), exact: undefined, prefix: undefined };
}

/** The number of characters of `label` that `text` has at `at`. */
function sharedLength(label: string, text: string, at: number): number {
  let length = 0;
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++;
  return length;
}

/** Puts a node with the first `length` characters of the child's label between `parent` and `child`. */
function split<Rule>(parent: Node<Rule>, child: Node<Rule>, length: number): void {
  const middle = newNode<Rule>(child.label.slice(0, length));
  parent.children.set(child.label.charCodeAt(0), middle);
  child.label = child.label.slice(length);
  middle.children.set(child.label.charCodeAt(0), child);
}

/** @param around the longest prefix above the node that covers it */
function linkBelow<Rule>(node: Node<Rule>, around: PathPlace<Rule> | undefined): void {
  if (node.prefix !== undefined) node.prefix.next = around;
  if (node.exact !== undefined) node.exact.next = node.prefix ?? around;
  for (const child of node.children.values()) {
    const isBelow = child.label.charCodeAt(0) === SLASH;
    linkBelow(child, isBelow ? (node.prefix ?? around) : around);
  }
}
