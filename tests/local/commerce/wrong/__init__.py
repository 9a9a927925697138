"""For each rule of the stand-in, a handler that breaks it and one that does not."""

from tests.local.commerce.wrong import orders, paths, people, products, sign_in, stock

CASES = {
    **paths.CASES,
    **sign_in.CASES,
    **products.CASES,
    **people.CASES,
    **orders.CASES,
    **stock.CASES,
}
