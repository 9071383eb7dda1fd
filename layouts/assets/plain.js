/* Draws the markup that layouts/plain.py writes. When it changes, what had the focus has it again and what was
   scrolled stays scrolled: both are found by their place in the tree. */
(function () {
  "use strict";

  function steps(root, node) {
    const path = [];
    for (; node && node !== root; node = node.parentElement) {
      path.unshift(Array.prototype.indexOf.call(node.parentElement.children, node));
    }
    return node === root ? path : null;
  }

  function follow(root, path) {
    return path.reduce((node, step) => node && node.children[step], root);
  }

  class Markup extends React.Component {
    constructor(props) {
      super(props);
      this.box = React.createRef();
    }

    /* The place an address names is drawn only now. */
    componentDidMount() {
      const named = window.location.hash && document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
      if (named && this.box.current.contains(named)) named.scrollIntoView();
    }

    shouldComponentUpdate(next) {
      return next.markup !== this.props.markup;
    }

    getSnapshotBeforeUpdate() {
      const root = this.box.current;
      const held = root.contains(document.activeElement) ? document.activeElement : null;
      const scrolled = Array.from(root.querySelectorAll(".scroll, .trends, .q")).filter((node) => node.scrollTop || node.scrollLeft);
      return {
        focus: held && { path: steps(root, held), name: held.nodeName },
        scroll: scrolled.map((node) => ({ path: steps(root, node), top: node.scrollTop, left: node.scrollLeft })),
      };
    }

    componentDidUpdate(_props, _state, kept) {
      const root = this.box.current;
      for (const each of kept.scroll) {
        const node = follow(root, each.path);
        if (node) node.scrollTo(each.left, each.top);
      }
      const node = kept.focus && follow(root, kept.focus.path);
      if (node && node.nodeName === kept.focus.name) node.focus({ preventScroll: true });
    }

    render() {
      return React.createElement("div", {
        className: "plain", ref: this.box, dangerouslySetInnerHTML: { __html: this.props.markup },
      });
    }
  }

  window.linli_plain = { Markup };
})();
