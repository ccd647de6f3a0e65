"""What must hold of stock in every snapshot; `manage.py verify` looks."""

from ecomhub.discovery import Law

_MOVEMENTS = "SELECT count(*) FROM inventory_stockmovement"
_LEVELS = "SELECT count(*) FROM inventory_stocklevel"
_PLACE = """
    (SELECT s.code FROM inventory_sku s WHERE s.id = {0}.sku_id) || ' @ ' ||
    (SELECT w.code FROM inventory_warehouse w WHERE w.id = {0}.warehouse_id)
"""

LAWS = [
    Law(
        id="inventory.level_is_sum_of_movements",
        title="A level is the sum of its movements, on hand and reserved",
        checked=_LEVELS,
        violations=f"""
            SELECT {_PLACE.format("both_sides")}, on_hand, on_hand_sum, reserved, reserved_sum FROM (
                SELECT sku_id, warehouse_id, coalesce(l.on_hand, 0) AS on_hand,
                    coalesce(l.reserved, 0) AS reserved, coalesce(m.on_hand_sum, 0) AS on_hand_sum,
                    coalesce(m.reserved_sum, 0) AS reserved_sum
                FROM inventory_stocklevel l FULL JOIN (
                    SELECT sku_id, warehouse_id, sum(on_hand_delta) AS on_hand_sum,
                        sum(reserved_delta) AS reserved_sum
                    FROM inventory_stockmovement GROUP BY 1, 2
                ) m USING (sku_id, warehouse_id)
            ) both_sides
            WHERE on_hand <> on_hand_sum OR reserved <> reserved_sum
        """,  # noqa: S608
    ),
    Law(
        id="inventory.chain_is_unbroken",
        title="Each movement continues where the one before it on the same level ended",
        checked=_MOVEMENTS,
        violations=f"""
            SELECT 'movement ' || c.id || ', ' || {_PLACE.format("c")} FROM (
                SELECT id, sku_id, warehouse_id, on_hand_delta, reserved_delta, on_hand_after, reserved_after,
                    lag(on_hand_after, 1, 0) OVER chain AS on_hand_before,
                    lag(reserved_after, 1, 0) OVER chain AS reserved_before
                FROM inventory_stockmovement
                WINDOW chain AS (PARTITION BY sku_id, warehouse_id ORDER BY id)
            ) c
            WHERE c.on_hand_after <> c.on_hand_before + c.on_hand_delta
                OR c.reserved_after <> c.reserved_before + c.reserved_delta
        """,  # noqa: S608
    ),
    Law(
        id="inventory.never_oversold",
        title="No reservation was granted above what was on hand at that moment",
        checked="SELECT count(*) FROM inventory_stockmovement WHERE kind = 'reserve'",
        violations=f"""
            SELECT 'movement ' || m.id || ', ' || {_PLACE.format("m")}, m.demand
            FROM inventory_stockmovement m
            WHERE m.kind = 'reserve' AND m.reserved_after > m.on_hand_after
        """,  # noqa: S608
    ),
    Law(
        id="inventory.receipt_has_its_cost",
        title="Every receipt has one cost layer of its quantity, and no layer is without its receipt",
        checked="SELECT count(*) FROM inventory_stockmovement WHERE kind = 'receive'",
        violations=f"""
            SELECT 'movement ' || m.id || ', ' || {_PLACE.format("m")}
            FROM inventory_stockmovement m
            LEFT JOIN inventory_costlayer c ON c.movement_id = m.id AND c.quantity = m.on_hand_delta
                AND c.sku_id = m.sku_id AND c.warehouse_id = m.warehouse_id
            WHERE m.kind = 'receive' AND c.id IS NULL
            UNION ALL
            SELECT 'cost layer ' || c.id FROM inventory_costlayer c
            LEFT JOIN inventory_stockmovement m ON m.id = c.movement_id AND m.kind = 'receive'
            WHERE m.id IS NULL
        """,  # noqa: S608
    ),
    Law(
        id="inventory.level_has_movements",
        title="No level changed without a movement, and no movement is without its level",
        checked=_LEVELS,
        violations=f"""
            SELECT {_PLACE.format("l")} FROM inventory_stocklevel l
            WHERE (l.version > 0 OR l.on_hand <> 0 OR l.reserved <> 0) AND NOT EXISTS (
                SELECT 1 FROM inventory_stockmovement m
                WHERE m.sku_id = l.sku_id AND m.warehouse_id = l.warehouse_id
            )
            UNION ALL
            SELECT {_PLACE.format("m")}
            FROM (SELECT DISTINCT sku_id, warehouse_id FROM inventory_stockmovement) m
            WHERE NOT EXISTS (
                SELECT 1 FROM inventory_stocklevel l
                WHERE l.sku_id = m.sku_id AND l.warehouse_id = m.warehouse_id
            )
        """,  # noqa: S608
    ),
    Law(
        id="inventory.demand_holds_no_less_than_nothing",
        title="What a demand released and shipped was reserved for it before",
        checked="SELECT count(DISTINCT demand) FROM inventory_stockmovement WHERE demand <> ''",
        violations=f"""
            SELECT h.demand, {_PLACE.format("h")}, h.held FROM (
                SELECT demand, sku_id, warehouse_id, sum(reserved_delta) AS held
                FROM inventory_stockmovement WHERE demand <> '' GROUP BY 1, 2, 3
            ) h
            WHERE h.held < 0
        """,  # noqa: S608
    ),
    Law(
        id="inventory.reservation_names_its_demand",
        title="Everything reserved is reserved for somebody",
        checked="SELECT count(*) FROM inventory_stockmovement WHERE reserved_delta <> 0",
        violations=f"""
            SELECT 'movement ' || m.id || ', ' || {_PLACE.format("m")}
            FROM inventory_stockmovement m WHERE m.reserved_delta <> 0 AND m.demand = ''
        """,  # noqa: S608
    ),
    Law(
        id="inventory.kind_fits_its_deltas",
        title="Each kind of movement moves what its name says",
        checked=_MOVEMENTS,
        violations=f"""
            SELECT 'movement ' || m.id || ', ' || {_PLACE.format("m")}, m.kind
            FROM inventory_stockmovement m
            WHERE CASE m.kind
                WHEN 'reserve' THEN m.on_hand_delta = 0 AND m.reserved_delta > 0
                WHEN 'release' THEN m.on_hand_delta = 0 AND m.reserved_delta < 0
                WHEN 'ship' THEN m.on_hand_delta < 0 AND m.reserved_delta = m.on_hand_delta
                WHEN 'adjust' THEN m.on_hand_delta <> 0 AND m.reserved_delta = 0
                WHEN 'transfer_out' THEN m.on_hand_delta < 0 AND m.reserved_delta = 0
                ELSE m.on_hand_delta > 0 AND m.reserved_delta = 0
            END IS NOT TRUE
        """,  # noqa: S608
    ),
]
