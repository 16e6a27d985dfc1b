CREATE TABLE visitors_rebuilt AS visitors
