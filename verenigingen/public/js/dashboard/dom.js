/* Builds elements. Text only ever becomes a text node: what comes from logs is hostile, never parsed. */

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
	}
	for (const child of children.flat()) {
		if (child === null || child === undefined || child === false) continue;
		node.append(child instanceof Node ? child : document.createTextNode(String(child)));
	}
	return node;
}

/** An HTML element; `children` are nodes, texts, numbers or lists of them. */
export function h(tag, attributes, ...children) {
	return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes, ...children) {
	return filled(document.createElementNS(SVG, tag), attributes, children);
}
